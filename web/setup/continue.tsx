/** The button that ends a step which has nothing to send. */
export function Continue({ onClick, label = 'Continue' }: { onClick: () => Promise<void>; label?: string }) {
  return (
    <button type="button" class="primary large" onClick={() => void onClick()}>
      {label}
    </button>
  );
}
