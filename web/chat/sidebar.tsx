import { useSignal } from '@preact/signals';
import type { TargetedSubmitEvent } from 'preact';
import type { ThreadSummary } from '../../src/node/api/node-api.ts';
import { DeleteIcon, EditIcon, PlusIcon } from '../shell/icons.tsx';
import { unsent } from '../state/chat.ts';
import { deleteThread, renameThread, search, threads } from '../state/threads.ts';
import { addressOf, openId, openThread } from '../state/view.ts';

/** The conversations that the node keeps: search, rename, delete. */
export function Sidebar({ onChoose }: { onChoose: () => void }) {
  const begin = () => {
    unsent.value = undefined;
    if (openId.value !== undefined) openThread(undefined);
    onChoose();
    document.getElementById('prompt')?.focus();
  };
  return (
    <nav class="sidebar" aria-label="Conversations">
      <button type="button" onClick={begin}>
        <PlusIcon />
        New chat
      </button>
      <input
        type="search"
        aria-label="Search conversations"
        placeholder="Search"
        value={search.value}
        onInput={(event) => (search.value = event.currentTarget.value)}
      />
      <List onChoose={onChoose} />
    </nav>
  );
}

function List({ onChoose }: { onChoose: () => void }) {
  const found = threads.value;
  if (!found) return null;
  if (found.length === 0) {
    return (
      <p class="muted small" role="status">
        {search.value.trim()
          ? 'No conversation contains this.'
          : 'Your conversations appear here. They are stored on your computer only, encrypted.'}
      </p>
    );
  }
  return (
    <ul class="threads">
      {found.map((thread) => (
        <Item key={thread.id} thread={thread} onChoose={onChoose} />
      ))}
    </ul>
  );
}

function Item({ thread, onChoose }: { thread: ThreadSummary; onChoose: () => void }) {
  const renaming = useSignal(false);
  const { id, title, running, found } = thread;
  const shown = title || 'New chat';
  const current = openId.value === id;
  if (renaming.value) return <Rename thread={thread} onDone={() => (renaming.value = false)} />;
  return (
    <li data-current={current}>
      <a href={addressOf(id)} aria-current={current ? 'true' : undefined} onClick={onChoose} title={shown}>
        <span class="thread-title" dir="auto">
          {running && <span class="pulse" role="img" aria-label="Being answered" />}
          {shown}
        </span>
        {found && (
          <span class="thread-found muted" dir="auto">
            {found}
          </span>
        )}
      </a>
      <button
        type="button"
        class="quiet icon-only"
        aria-label={`Rename ${shown}`}
        title="Rename"
        onClick={() => (renaming.value = true)}
      >
        <EditIcon />
      </button>
      <button
        type="button"
        class="quiet icon-only"
        aria-label={`Delete ${shown}`}
        title="Delete"
        onClick={() => void deleteThread(thread)}
      >
        <DeleteIcon />
      </button>
    </li>
  );
}

function Rename({ thread: { id, title }, onDone }: { thread: ThreadSummary; onDone: () => void }) {
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void renameThread(id, String(new FormData(event.currentTarget).get('title')).slice(0, 200));
    onDone();
  };
  return (
    <li>
      <form class="rename" onSubmit={submit}>
        <input
          name="title"
          aria-label="Title"
          dir="auto"
          maxLength={200}
          defaultValue={title}
          ref={(input) => input?.select()}
          onKeyDown={(event) => event.key === 'Escape' && onDone()}
          onBlur={(event) => event.currentTarget.form?.requestSubmit()}
        />
      </form>
    </li>
  );
}
