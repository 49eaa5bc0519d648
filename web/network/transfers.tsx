import type { NetworkView, TransferView } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { HeldBar } from './bars.tsx';

/** What your node downloads and uploads, and its peers. */
export function Transfers({ view }: { view: NetworkView }) {
  return (
    <section aria-labelledby="transfers-heading">
      <h3 id="transfers-heading">Your transfers</h3>
      {view.transfers.length === 0 && <p class="muted">Your node is not downloading or seeding a model.</p>}
      {view.transfers.map((transfer) => (
        <Transfer key={transfer.infohash} transfer={transfer} />
      ))}
    </section>
  );
}

function Transfer({ transfer }: { transfer: TransferView }) {
  const { name, bytesHave, bytesTotal, downBytesPerSecond, upBytesPerSecond, peers, infohash } = transfer;
  return (
    <div class="card">
      <p class="line">
        <strong class="name">{name}</strong>
        <span class="number">{format.percent(bytesHave, bytesTotal)}</span>
      </p>
      <HeldBar have={bytesHave} total={bytesTotal} label={`Downloaded part of ${name}`} />
      <p class="line muted small number">
        <span>
          {format.bytes(bytesHave)} of {format.bytes(bytesTotal)}
        </span>
        <span class="rates">
          <span title="Download rate">↓ {format.rate(downBytesPerSecond)}</span>
          <span title="Upload rate">↑ {format.rate(upBytesPerSecond)}</span>
        </span>
      </p>
      {peers.length > 0 && (
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
                <th scope="row">{peer.name}</th>
                <td class="number">{format.bytes(peer.downloaded)}</td>
                <td class="number">{format.bytes(peer.uploaded)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p class="muted small">
        infohash <code title={infohash}>{format.shortHash(infohash)}</code>
      </p>
    </div>
  );
}
