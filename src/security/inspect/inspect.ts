import { parseGguf, parseJson, parseSafetensors } from '#formats';
import type { Inspection } from './inspection.ts';

/** Finds out what a file is by its content, and judges it by the rules of its kind. */
export async function inspect(inspection: Inspection): Promise<void> {
  const { file } = inspection;
  const { source, path } = file;
  if (path.endsWith('.safetensors')) {
    inspection.kind = 'safetensors';
    await parseSafetensors(source, path);
  } else if (path.endsWith('.gguf')) {
    inspection.kind = 'gguf';
    await parseGguf(source, path);
  } else if (path.endsWith('.json')) {
    inspection.kind = 'json';
    parseJson(await source.read(0, source.size), path);
  } else {
    inspection.find('unknown-format', '', 'the content is of no known format');
  }
}
