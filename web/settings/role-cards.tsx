import type { Signal } from '@preact/signals';
import type { Role } from '../../src/node/api/node-api.ts';
import { ROLE_WORDS, ROLES } from './role-words.ts';

/** The roles as cards to choose from. */
export function RoleCards({ chosen, fixed }: { chosen: Signal<readonly Role[]>; fixed: boolean }) {
  return (
    <fieldset class="cards" disabled={fixed}>
      <legend class="visually-hidden">Roles</legend>
      {ROLES.map((role) => (
        <RoleCard
          key={role}
          role={role}
          checked={chosen.value.includes(role)}
          onChange={(on) => {
            chosen.value = ROLES.filter((one) => (one === role ? on : chosen.peek().includes(one)));
          }}
        />
      ))}
    </fieldset>
  );
}

interface CardProps {
  role: Role;
  checked: boolean;
  onChange: (on: boolean) => void;
}

function RoleCard({ role, checked, onChange }: CardProps) {
  const { title, text } = ROLE_WORDS[role];
  return (
    <div class="card" data-checked={checked}>
      <input
        type="checkbox"
        id={`role-${role}`}
        checked={checked}
        aria-describedby={`role-${role}-text`}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <div>
        <label for={`role-${role}`}>{title}</label>
        <p id={`role-${role}-text`} class="muted small">
          {text}
        </p>
      </div>
    </div>
  );
}
