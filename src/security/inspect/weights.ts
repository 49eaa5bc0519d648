import { readGguf, readSafetensors } from '#formats';
import type { Inspection } from './inspection.ts';
import { inspectTemplate } from './template.ts';

/** Metadata of GGUF that is kept: the rest is checked and passed over. */
const TEMPLATE_KEY = /^tokenizer\.chat_template(\.|$)/;
const KEPT_KEY = /^(general\.|tokenizer\.chat_template)/;

/** What a browser, a shell or Python would run; weights need nothing like it. */
const CODE =
  /<script\b|<iframe\b|javascript:|\bon(error|load)\s*=|\b(os\.(system|popen|exec[lv]p?e?)|subprocess\.\w+|pickle\.loads|marshal\.loads|__import__|eval|exec|compile)\s*\(|\brm\s+-rf?\s|\b(curl|wget)\s+(-\w+\s+)*https?:|\|\s*(ba|z)?sh\b|\bbash\s+-[ci]\b|\/dev\/tcp\/|\bchmod\s+[0-7+]|\bpowershell\b|__(class|globals|subclasses|builtins|mro)__/i;

export async function inspectSafetensors(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  await readSafetensors(source, path, (key, value) => {
    judgeMetadata(inspection, `__metadata__.${key}`, `${key} ${value}`);
  });
}

export async function inspectGguf(inspection: Inspection): Promise<void> {
  const { source, path } = inspection.file;
  const { metadata } = await readGguf(source, path, { keep: (key) => KEPT_KEY.test(key) });
  for (const [key, value] of metadata) {
    if (typeof value !== 'string') continue;
    if (TEMPLATE_KEY.test(key)) await inspectTemplate(inspection, value, key);
    else judgeMetadata(inspection, key, value);
  }
}

function judgeMetadata(inspection: Inspection, place: string, text: string): void {
  const found = CODE.exec(text);
  if (found)
    inspection.find('metadata-code', place, text.slice(Math.max(0, found.index - 20), found.index + 120));
}
