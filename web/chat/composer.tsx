import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { PlusIcon, SendIcon, StopIcon } from '../shell/icons.tsx';
import { ask, busy, newChat, stop, temperature, turns } from '../state/chat.ts';
import { chosenModel, model, network } from '../state/live.ts';

/** The message box: Enter sends, Shift+Enter starts a new line, Esc stops the answer. */
export function Composer() {
  const text = useSignal('');
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);

  const ready = model.value !== undefined && !busy.value && text.value.trim() !== '';
  const send = () => {
    if (!ready) return;
    ask(text.value.trim());
    text.value = '';
    field.current?.focus();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Unavailable />
      <div class="field">
        <label class="visually-hidden" for="prompt">
          Message
        </label>
        <textarea
          id="prompt"
          ref={field}
          rows={1}
          placeholder="Ask anything"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          onKeyDown={onKeyDown}
        />
        {busy.value ? (
          <button type="button" class="primary round" onClick={stop} aria-label="Stop" title="Stop (Esc)">
            <StopIcon />
          </button>
        ) : (
          <button
            type="submit"
            class="primary round"
            disabled={!ready}
            aria-label="Send"
            title="Send (Enter)"
          >
            <SendIcon />
          </button>
        )}
      </div>
      <div class="options">
        <ModelPicker />
        <StylePicker />
        {turns.value.length > 0 && (
          <button type="button" class="quiet" onClick={newChat}>
            <PlusIcon />
            New chat
          </button>
        )}
      </div>
      <p class="privacy">
        The nodes on the route see your text as activations; the first and the last can recover much of it. Do
        not send secrets.
      </p>
    </form>
  );
}

function ModelPicker() {
  const models = network.value?.models ?? [];
  if (models.length < 2) return models[0] ? <span class="model-name">{models[0].name}</span> : null;
  return (
    <label class="model-picker">
      <span class="visually-hidden">Model</span>
      <select
        value={model.value?.id}
        onChange={(event) => {
          chosenModel.value = event.currentTarget.value;
        }}
      >
        {models.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function StylePicker() {
  return (
    <label>
      <span class="visually-hidden">Style</span>
      <select
        value={String(temperature.value)}
        title="Randomness of the answer (temperature)"
        onChange={(event) => {
          temperature.value = Number(event.currentTarget.value);
        }}
      >
        <option value="0">Precise</option>
        <option value="0.5">Balanced</option>
        <option value="1">Creative</option>
      </select>
    </label>
  );
}

function Unavailable() {
  if (!model.value || model.value.available) return null;
  return (
    <p class="remark" role="status">
      No node serves some blocks of {model.value.name} at the moment. Answers will fail until one returns.
    </p>
  );
}
