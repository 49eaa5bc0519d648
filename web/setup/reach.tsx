import type { ReachView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Health } from '../settings/health.tsx';
import { network } from '../state/live.ts';
import { Continue } from './continue.tsx';
import type { StepProps } from './wizard.tsx';

const SENTENCES: Readonly<Record<ReachView['state'], string>> = {
  direct: 'Yes: other computers connect to it directly.',
  'hole-punched': 'Yes: others meet it at a relay, and then connect to it directly.',
  relayed: 'Yes, through other computers that pass the traffic on. That is slower.',
  unreachable: 'Not yet: no computer from outside has got through.',
};

export function ReachStep({ view, onDone }: StepProps) {
  const blocked = view.steps.find(({ name }) => name === 'reach')?.blocked;
  const reach = network.value?.reach;
  return (
    <>
      <p class="lead">{reach ? SENTENCES[reach.state] : 'No: it is here for this computer alone.'}</p>
      {reach?.advice && <p>{format.sentence(reach.advice)}</p>}
      {blocked && <p>{format.sentence(blocked)}</p>}
      <p class="muted">You can chat in any case. Others need to reach this computer to use what it gives.</p>
      <Health />
      <Continue onClick={onDone} label="Finish" />
    </>
  );
}
