import { Term } from '../shell/term.tsx';
import { changeSettings, settings } from '../state/chat.ts';

const TEMPERATURES = [
  [0, 'Precise (0)'],
  [0.5, 'Balanced (0.5)'],
  [1, 'Creative (1)'],
] as const;

const LENGTHS = [
  [128, 'Short'],
  [512, 'Medium'],
  [1024, 'Long'],
  [4096, 'Very long'],
] as const;

/** System prompt, length and temperature of the conversation; the node keeps them with it. */
export function Settings() {
  const now = settings.value;
  if (!now) return null;
  return (
    <fieldset class="settings">
      <legend class="visually-hidden">Settings of this conversation</legend>
      <div class="labelled">
        <span class="label">
          <label for="system">System prompt</label> <Term of="systemPrompt">?</Term>
        </span>
        <textarea
          id="system"
          rows={2}
          dir="auto"
          maxLength={4096}
          placeholder="None"
          defaultValue={now.system}
          onChange={(event) => void changeSettings({ system: event.currentTarget.value.trim() })}
        />
      </div>
      <div class="labelled">
        <label for="length">Length</label>
        <Choice
          id="length"
          value={now.maxTokens}
          choices={LENGTHS.map(([tokens, word]) => [
            tokens,
            `${word} (${tokens.toLocaleString('en')} tokens)`,
          ])}
          onChange={(maxTokens) => void changeSettings({ maxTokens })}
        />
      </div>
      <div class="labelled">
        <span class="label">
          <label for="temperature">Temperature</label> <Term of="temperature">?</Term>
        </span>
        <Choice
          id="temperature"
          value={now.temperature}
          choices={TEMPERATURES}
          onChange={(temperature) => void changeSettings({ temperature })}
        />
      </div>
    </fieldset>
  );
}

interface Choices {
  id: string;
  value: number;
  choices: readonly (readonly [number, string])[];
  onChange: (value: number) => void;
}

function Choice({ id, value, choices, onChange }: Choices) {
  const known = choices.some(([choice]) => choice === value);
  const all = known ? choices : [...choices, [value, String(value)] as const];
  return (
    <select id={id} value={String(value)} onChange={(event) => onChange(Number(event.currentTarget.value))}>
      {all.map(([choice, word]) => (
        <option key={choice} value={String(choice)}>
          {word}
        </option>
      ))}
    </select>
  );
}
