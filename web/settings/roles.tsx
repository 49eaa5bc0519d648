import { useSignal, useSignalEffect } from '@preact/signals';
import type { Role, SettingsView } from '../../src/node/api/node-api.ts';
import { Form } from '../shell/form.tsx';
import { changeSettings, settings } from '../state/settings.ts';
import { setup } from '../state/setup.ts';
import { showToast } from '../state/toast.ts';
import { RoleCards } from './role-cards.tsx';

/** What this computer does for the network, to change while it runs. */
export function Roles({ view }: { view: SettingsView }) {
  const chosen = useSignal<readonly Role[]>(view.roles);
  useSignalEffect(() => {
    if (settings.value) chosen.value = settings.value.roles;
  });
  const fixed = view.fixed.includes('roles');
  return (
    <section class="panel" aria-labelledby="roles-heading">
      <h3 id="roles-heading">What this computer does</h3>
      {fixed && <Fixed what="Roles were" />}
      <Form
        action="Save"
        disabled={fixed || sameRoles(chosen.value, view.roles)}
        onSubmit={async () => {
          await changeRoles(chosen.peek());
          showToast({ text: 'Saved. Your node starts again with these roles.' });
        }}
      >
        <RoleCards chosen={chosen} offers={setup.value?.roles ?? []} fixed={fixed} />
      </Form>
      {!fixed && (
        <p class="muted small">With other roles your node starts again. This takes a few seconds.</p>
      )}
    </section>
  );
}

/** Throws an Error that says what to do. */
export async function changeRoles(roles: readonly Role[]): Promise<void> {
  if (roles.length === 0) throw new Error('Choose at least one.');
  await changeSettings({ roles: [...roles] });
}

/** Says why something cannot be changed on the page. */
export function Fixed({ what }: { what: string }) {
  return (
    <p class="muted small">
      {what} given when Bitorch was started, as a flag or a variable of the system, and can only be changed
      there.
    </p>
  );
}

export const sameRoles = (a: readonly Role[], b: readonly Role[]): boolean =>
  a.length === b.length && a.every((role) => b.includes(role));
