import { useSignal } from '@preact/signals';
import type { TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { SendIcon, SettingsIcon, StopIcon } from '../shell/icons.tsx';
import { Term } from '../shell/term.tsx';
import { ask, busy, changeSettings, contextUse, settings, stop } from '../state/chat.ts';
import { draft } from '../state/draft.ts';
import { model, network } from '../state/live.ts';
import { chatProblem } from '../state/threads.ts';
import { Settings } from './settings.tsx';

/** The message box: Enter sends, Shift+Enter starts a new line, Esc stops the answer. */
export function Composer() {
  const configuring = useSignal(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => field.current?.focus({ preventScroll: true }), []);

  const text = draft.value;
  const ready = model.value !== undefined && !chatProblem.value && !busy.value && text.trim() !== '';
  const send = () => {
    if (!ready) return;
    draft.value = '';
    void ask(text.trim());
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
      {configuring.value && <Settings />}
      <div class="field">
        <label class="visually-hidden" for="prompt">
          Message
        </label>
        <textarea
          id="prompt"
          ref={field}
          rows={1}
          dir="auto"
          placeholder="Ask anything"
          value={text}
          onInput={(event) => (draft.value = event.currentTarget.value)}
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
        <button
          type="button"
          class="quiet"
          aria-expanded={configuring.value}
          onClick={() => (configuring.value = !configuring.value)}
        >
          <SettingsIcon />
          Settings
        </button>
        <ContextMeter />
      </div>
      <p class="privacy">
        The computers on the route see your text as <Term of="activations">activations</Term>; the first and
        the last can recover much of it. Do not send secrets.
      </p>
    </form>
  );
}

function ModelPicker() {
  const models = network.value?.models ?? [];
  if (models.length < 2) {
    return models[0] ? (
      <span class="model-name" dir="auto">
        {models[0].name}
      </span>
    ) : null;
  }
  return (
    <label class="model-picker">
      <span class="visually-hidden">Model</span>
      <select
        value={model.value?.id}
        disabled={!settings.value}
        onChange={(event) => void changeSettings({ model: event.currentTarget.value })}
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

/** How much of what the session can hold the conversation has used. */
function ContextMeter() {
  const use = contextUse.value;
  if (!use) return null;
  const { used, context } = use;
  const words = `${used.toLocaleString('en')} of ${context.toLocaleString('en')} tokens`;
  return (
    <span class="context-meter">
      <meter min={0} max={context} high={context * 0.85} value={used} aria-label={`Context: ${words}`} />
      <span class="muted small">
        {words} of <Term of="context">context</Term>
      </span>
    </span>
  );
}

function Unavailable() {
  if (chatProblem.value) {
    return (
      <p class="remark" role="status">
        {chatProblem.value}
      </p>
    );
  }
  if (!model.value || model.value.available) return null;
  return (
    <p class="remark" role="status">
      No node serves some blocks of <bdi>{model.value.name}</bdi> at the moment. Answers will fail until one
      returns.
    </p>
  );
}
