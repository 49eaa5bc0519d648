import { BitorchError } from '#base';
import type { Build } from '../kernels/dot.ts';
import { kernelBytes, optimiseSoon, setRevectorizer } from './platform.ts';

export interface Compiled {
  build: Build;
  module: WebAssembly.Module;
  /** Whether V8's revectorizer compiled it for 256-bit registers. */
  wide: boolean;
}

const compiled = new Map<string, Promise<Compiled>>();
let revectorize = true;

/** A module whose only function uses relaxed SIMD; it validates where relaxed SIMD is supported. */
// biome-ignore format: bytes of (func (drop (i8x16.relaxed_swizzle (v128.const 0) (v128.const 0))))
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 16, 1, 14, 0, 65, 0, 253, 15, 65, 0, 253, 15,
  253, 128, 2, 26, 11,
]);

const hasRelaxedSimd = (): boolean => WebAssembly.validate(RELAXED_PROBE);

/** The compiled kernels, compiled once per process and build. Throws SIMD_MISSING when WebAssembly has no SIMD. */
export function compiledKernels(build?: Build): Promise<Compiled> {
  const chosen = build ?? (hasRelaxedSimd() ? 'relaxed' : 'plain');
  const key = `${chosen} ${revectorize}`;
  const known = compiled.get(key);
  if (known) return known;
  const fresh = compile(chosen, revectorize);
  compiled.set(key, fresh);
  return fresh;
}

/** Compiles kernels without the revectorizer from now on. Returns false if it was already disabled. */
export function giveUpRevectorizer(): boolean {
  const was = revectorize;
  revectorize = false;
  return was;
}

async function compile(build: Build, wanted: boolean): Promise<Compiled> {
  await optimiseSoon();
  const bytes = await kernelBytes(build);
  const wide = await setRevectorizer(wanted);
  // V8 caches compiled code by the module's bytes: an empty custom section gives the other mode a different cache key
  const named = wanted ? bytes : new Uint8Array([...bytes, 0, 2, 1, 110]);
  try {
    return { build, module: await WebAssembly.compile(named), wide: wide && build === 'relaxed' };
  } catch (error) {
    throw new BitorchError(
      'SIMD_MISSING',
      'this machine’s WebAssembly has no SIMD: update Node or the browser',
      { build },
      error,
    );
  }
}
