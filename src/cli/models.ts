import { cleanText } from '#base';
import type { ModelView, NetworkView } from '#node';
import { askNode, type NodeFlags, nodeCommand, print, printJson, printTable } from './chain/api.ts';
import { formatBytes } from './progress.ts';

/** `bitorch models`: the models that the running node knows. */
export const modelsCommand = nodeCommand('models', 'list the models of the network').action(
  async (flags: NodeFlags) => {
    const network = await askNode<NetworkView>(flags, '/api/network');
    if (flags.json) return printJson(network.models);
    if (network.models.length === 0)
      return print(
        'No model is known yet: join a network, or share one with "bitorch start --publish FOLDER".',
      );
    printTable(modelRows(network));
  },
);

/** The rows of the table, with its header. */
export const modelRows = ({ models, transfers }: Pick<NetworkView, 'models' | 'transfers'>): string[][] => [
  ['model', 'size', 'here', 'state', 'licence', 'id'],
  ...models.map((model) => {
    const transfer = transfers.find(({ modelId }) => modelId === model.id);
    const share = transfer && transfer.bytesTotal > 0 ? transfer.bytesHave / transfer.bytesTotal : 0;
    return [
      cleanText(model.name, 48),
      formatBytes(model.bytes),
      `${Math.floor(100 * share)} %`,
      stateOf(model),
      cleanText(model.licence, 32),
      cleanText(model.id, 80),
    ];
  }),
];

/** Whether the model answers now, else why not. */
export function stateOf({ available, safety }: Pick<ModelView, 'available' | 'safety'>): string {
  if (safety !== 'cleared') return safety;
  return available ? 'ready' : 'incomplete: no computer runs some of its blocks';
}
