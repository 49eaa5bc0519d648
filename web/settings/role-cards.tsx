import type { Signal } from '@preact/signals';
import type { Role, RoleOffer } from '../../src/node/api/node-api.ts';
import * as format from '../format.ts';
import { ROLE_WORDS, ROLES } from './role-words.ts';

interface CardsProps {
  chosen: Signal<readonly Role[]>;
  /** What each role costs and earns, and which are proposed. */
  offers: readonly RoleOffer[];
  fixed: boolean;
  onTouched?: () => void;
}

/** The roles as cards to choose from. */
export function RoleCards({ chosen, offers, fixed, onTouched }: CardsProps) {
  return (
    <fieldset class="cards" disabled={fixed}>
      <legend class="visually-hidden">Roles</legend>
      {ROLES.map((role) => (
        <RoleCard
          key={role}
          role={role}
          offer={offers.find((offer) => offer.role === role)}
          checked={chosen.value.includes(role)}
          onChange={(on) => {
            onTouched?.();
            chosen.value = ROLES.filter((one) => (one === role ? on : chosen.peek().includes(one)));
          }}
        />
      ))}
    </fieldset>
  );
}

interface CardProps {
  role: Role;
  offer: RoleOffer | undefined;
  checked: boolean;
  onChange: (on: boolean) => void;
}

function RoleCard({ role, offer, checked, onChange }: CardProps) {
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
        <p class="line">
          <label for={`role-${role}`}>{title}</label>
          {offer?.proposed && <span class="tag tag-ok">suggested</span>}
        </p>
        <div id={`role-${role}-text`} class="muted small">
          <p>{text}</p>
          {offer && <Offer offer={offer} />}
        </div>
      </div>
    </div>
  );
}

function Offer({ offer: { reason, cost, reward } }: { offer: RoleOffer }) {
  const sizes = [
    ...(cost.diskBytes === null ? [] : [`${format.bytes(cost.diskBytes)} of disk`]),
    ...(cost.memoryBytes === null ? [] : [`${format.bytes(cost.memoryBytes)} of memory`]),
  ];
  return (
    <dl class="offer">
      <dt>Costs</dt>
      <dd>
        {cost.text}
        {sizes.length > 0 && ` About ${sizes.join(', ')} for a small model.`}
      </dd>
      <dt>Earns</dt>
      <dd>{reward.text}</dd>
      <dt>Here</dt>
      <dd>{format.sentence(reason)}</dd>
    </dl>
  );
}
