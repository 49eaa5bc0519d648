import { type PickleValue, type RandomAccess, readZip, slice, type ZipMember } from '#formats';
import { convertRefused } from '../errors.ts';
import { type AllowedGlobals, type Checkpoint, evaluateWhole, type Storage } from './checkpoint.ts';
import { elementType } from './element-types.ts';
import { storageId } from './storage-id.ts';

/** Reads a ZIP (torch.save since 1.6): `data.pkl`, one member per storage, and since 2.1 the byte order. */
export async function readZipCheckpoint(source: RandomAccess, allowed: AllowedGlobals): Promise<Checkpoint> {
  const { members, problems } = await readZip(source);
  if (problems.length > 0) throw convertRefused(`its archive is damaged (${problems[0]})`);
  const pickle = members.find(({ name }) => /^[^/]*\/?data\.pkl$/.test(name));
  if (!pickle) throw convertRefused('it is a ZIP archive, but not a PyTorch checkpoint');
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const byName = new Map(members.map((member) => [member.name, member]));
  const bigEndian = await isBigEndian(source, byName.get(`${folder}byteorder`));
  const storageOf = (id: PickleValue): Storage => {
    const { key, type, elements } = storageId(id);
    const member = byName.get(`${folder}data/${key}`);
    if (!member) throw convertRefused(`the storage ${key} is missing`);
    const data = memberSource(source, member);
    const bytes = elements * (elementType(type)?.bytes ?? 1);
    if (data.size < bytes) throw convertRefused(`the storage ${key} has ${data.size} bytes, not ${bytes}`);
    return { source: data, type, bigEndian };
  };
  return { root: await evaluateWhole(memberSource(source, pickle), allowed), storageOf };
}

function memberSource(source: RandomAccess, member: ZipMember): RandomAccess {
  if (member.method !== 0 || member.encrypted)
    throw convertRefused(`${member.name} is compressed or encrypted; torch stores members uncompressed`);
  return slice(source, member.offset, member.packedBytes);
}

async function isBigEndian(source: RandomAccess, member: ZipMember | undefined): Promise<boolean> {
  if (!member) return false;
  const text = Buffer.from(await source.read(member.offset, Math.min(16, member.packedBytes)));
  const order = text.toString('latin1');
  if (order !== 'little' && order !== 'big') throw convertRefused('its byte order is neither little nor big');
  return order === 'big';
}
