import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

/** Quiet zone around the code, in modules (ISO/IEC 18004 §5.3.8). */
const BORDER = 4;

/** A text as a QR code. The encoder is loaded when the first one is shown. */
export function QrCode({ text, label }: { text: string; label: string }) {
  const modules = useSignal<readonly (readonly boolean[])[] | undefined>(undefined);
  useEffect(() => {
    void import('uqr').then(({ encode }) => {
      modules.value = encode(text, { border: BORDER }).data;
    });
  }, [text]);
  const size = modules.value?.length ?? 1;
  return (
    <svg class="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label}>
      <path d={(modules.value ?? []).map(rowPath).join('')} />
    </svg>
  );
}

/** The dark modules of a row as squares. */
const rowPath = (row: readonly boolean[], y: number): string =>
  row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')).join('');
