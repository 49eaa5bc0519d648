import { lines } from './text.ts';

/** Generates Keccak-f[1600] as program text: the 25 lanes are local variables, lane x + 5y. */

const ROTATIONS = [
  0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
];

/** The round constants, from the shift register of the Keccak reference (§1.2). */
function roundConstants(): bigint[] {
  let register = 1;
  const bit = () => {
    const low = register & 1;
    register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1;
    return BigInt(low);
  };
  return Array.from({ length: 24 }, () => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) constant |= bit() << BigInt(2 ** j - 1);
    return BigInt.asIntN(64, constant);
  });
}

function round(): string {
  const theta = [
    lines(5, (x) => `const c${x} = a${x} ^ a${x + 5} ^ a${x + 10} ^ a${x + 15} ^ a${x + 20};`),
    lines(5, (x) => `const d${x} = c${(x + 4) % 5} ^ rotl<u64>(c${(x + 1) % 5}, 1);`),
  ];
  const rhoPi = lines(25, (i) => {
    const [x, y] = [i % 5, Math.floor(i / 5)];
    return `const b${y + 5 * ((2 * x + 3 * y) % 5)} = rotl<u64>(a${i} ^ d${x}, ${ROTATIONS[i]});`;
  });
  const chi = lines(25, (i) => {
    const row = i - (i % 5);
    return `a${i} = b${i} ^ (~b${row + ((i + 1) % 5)} & b${row + ((i + 2) % 5)});`;
  });
  return [...theta, rhoPi, chi].join('\n  ');
}

/** AssemblyScript that permutes the 200 bytes at `state`. */
export function keccakSource(): string {
  return `
const ROUND_CONSTANTS = memory.data<i64>([${roundConstants().join(', ')}], 16);

export function permute(state: usize): void {
  ${lines(25, (i) => `let a${i} = load<u64>(state, ${8 * i});`)}
  for (let r = 0; r < 24; r++) {
  ${round()}
  a0 ^= load<u64>(ROUND_CONSTANTS + 8 * r);
  }
  ${lines(25, (i) => `store<u64>(state, a${i}, ${8 * i});`)}
}
`;
}
