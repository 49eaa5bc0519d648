/** Signs transfers for `bench/chain.ts` into a file: `node bench/chain-sign.ts FILE [count]`. 5,000 take minutes. */
import { presign } from './chain/presign.ts';
import { writeTransfers } from './chain/transfers.ts';

const [file, count = '5000'] = process.argv.slice(2);
if (!file) throw new Error('node bench/chain-sign.ts FILE [count]');
writeTransfers(file, await presign(Number(count)));
process.exit();
