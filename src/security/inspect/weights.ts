import { readGguf, readSafetensors } from '#formats';
import type { Inspection } from './inspection.ts';
import { inspectTemplate } from './template.ts';

/** Metadata of GGUF that is kept: the rest is checked and passed over. */
const TEMPLATE_KEY = /^tokenizer\.chat_template(\.|$)/;
const KEPT_KEY = /^(general\.|tokenizer\.chat_template)/;

/** What a browser, a shell or Python would run; weights need nothing like it. */
const CODE =
  /<script\b|<iframe\b|javascript:|\bon(error|load)\s*=|\b(os\.(system|popen|exec[lv]p?e?)|subprocess\.\w+|pickle\.loads|marshal\.loads|__import__|eval|exec|compile)\s*\(|\brm\s+-rf?\s|\b(curl|wget)\s+(-\w+\s+)*https?:|\|\s*(ba|z)?sh\b|\bbash\s+-[ci]\b|\/dev\/tcp\/|\bchmod\s+[0-7+]|\bpowershell\b|__(class|globals|subclasses|builtins|mro|import)__/i;

/** Tools that write each tensor into a file of its name would write it elsewhere. */
const LEAVING =
  /(^|[\\/])\.\.([\\/]|$)|^[a-z]:[\\/]|^\/(etc|root|home|usr|bin|tmp|var|opt|dev|proc)\/|\p{Cc}/iu;

export async function inspectSafetensors(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  const tensors = await readSafetensors(source, path, (key, value) => {
    judgeMetadata(inspection, `__metadata__.${key}`, `${key} ${value}`);
  });
  judgeNames(inspection, tensors);
}

export async function inspectGguf(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  const { metadata, tensors } = await readGguf(source, path, { keep: (key) => KEPT_KEY.test(key) });
  for (const [key, value] of metadata) {
    if (typeof value !== 'string') continue;
    if (TEMPLATE_KEY.test(key)) await inspectTemplate(inspection, value, key);
    else judgeMetadata(inspection, key, value);
  }
  judgeNames(inspection, tensors);
}

function judgeNames(inspection: Inspection, tensors: readonly { name: string }[]): void {
  for (const { name } of tensors) {
    if (LEAVING.test(name))
      inspection.find('name-unsafe', name.slice(0, 200), 'the name of a tensor is a path');
  }
}

function judgeMetadata(inspection: Inspection, place: string, text: string): void {
  const found = CODE.exec(text);
  if (found)
    inspection.find('metadata-code', place, text.slice(Math.max(0, found.index - 20), found.index + 120));
}
