import type { NetworkView, TransferView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { Empty } from '../shell/empty.tsx';
import { Scrolls } from '../shell/scrolls.tsx';
import { HeldBar } from './bars.tsx';

/** What your node downloads and uploads, and its peers. */
export function Transfers({ view }: { view: NetworkView }) {
  return (
    <section class="panel" aria-labelledby="transfers-heading">
      <h3 id="transfers-heading">Your transfers</h3>
      {view.transfers.length === 0 && (
        <Empty>
          Your computer is not downloading or sending a model. It begins once the network has a model that a
          security node has cleared.
        </Empty>
      )}
      {view.transfers.map((transfer) => (
        <Transfer key={transfer.infohash} transfer={transfer} />
      ))}
    </section>
  );
}

function Transfer({ transfer }: { transfer: TransferView }) {
  const { name, bytesWanted, bytesWantedHave, downBytesPerSecond, upBytesPerSecond, infohash } = transfer;
  return (
    <div class="item">
      <p class="line">
        <strong class="name" dir="auto">
          {name}
        </strong>
        <span class="number">{format.percent(bytesWantedHave, bytesWanted)}</span>
      </p>
      <HeldBar have={bytesWantedHave} total={bytesWanted} label={`Downloaded of ${name}`} />
      <p class="line muted small">
        <span>{amountOf(transfer)}</span>
        <span class="rates number">
          <span title="Download rate">↓ {format.rate(downBytesPerSecond)}</span>
          <span title="Upload rate">↑ {format.rate(upBytesPerSecond)}</span>
        </span>
      </p>
      <Peers transfer={transfer} />
      <p class="muted small">
        infohash <code title={infohash}>{format.shortHash(infohash)}</code>
      </p>
    </div>
  );
}

/** A client needs only a part of a model, and is complete when it has that part. */
function amountOf({ bytesHave, bytesTotal, bytesWanted, bytesWantedHave }: TransferView): string {
  if (bytesWanted >= bytesTotal) return `${format.bytes(bytesHave)} of ${format.bytes(bytesTotal)}`;
  const whole = `whole model: ${format.bytes(bytesTotal)}`;
  return bytesWantedHave >= bytesWanted
    ? `${format.bytes(bytesWanted)}, all that your computer needs (${whole})`
    : `${format.bytes(bytesWantedHave)} of the ${format.bytes(bytesWanted)} that your computer needs (${whole})`;
}

function Peers({ transfer: { name, peers } }: { transfer: TransferView }) {
  if (peers.length === 0) return null;
  return (
    <Scrolls label={`Table of the peers of ${name}`}>
      <table>
        <caption class="visually-hidden">Bytes of {name} by peer</caption>
        <thead>
          <tr>
            <th scope="col">Peer</th>
            <th scope="col" class="number">
              Received
            </th>
            <th scope="col" class="number">
              Sent
            </th>
          </tr>
        </thead>
        <tbody>
          {peers.map((peer) => (
            <tr key={peer.nodeId}>
              <th scope="row" dir="auto">
                {peer.name}
              </th>
              <td class="number">{format.bytes(peer.downloaded)}</td>
              <td class="number">{format.bytes(peer.uploaded)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scrolls>
  );
}
