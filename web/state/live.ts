import { computed, signal } from '@preact/signals';
import type { AuditResult, ModelView, NetworkView, NodeEvent } from '../../src/node/api/node-api.ts';
import { receiveChainEvent } from './chain.ts';
import { security } from './security.ts';
import { hasSession, session } from './session.ts';

type Progress = Extract<NodeEvent, { type: 'progress' }>;

/** The page runs beside its node, so that even frequent attempts cost next to nothing. */
const RETRY_MS = [300, 500, 800, 1000];

/** A restart takes a few seconds. */
const RESTART_MS = 20_000;

export const connection = signal<'connecting' | 'live' | 'lost'>('connecting');
/** Whether the node is known to be starting again, with other roles or in another network. */
export const restarting = signal(false);
export const network = signal<NetworkView | undefined>(undefined);
/** The long-running step that the node is working on, if any. */
export const progress = signal<Progress | undefined>(undefined);
/** Known audit results by answer id. */
export const audits = signal<ReadonlyMap<string, AuditResult>>(new Map());

/** The conversation that changed last, maybe through another tab; a new object for every change. */
export const changedThread = signal<{ id: string } | undefined>(undefined);

/** The model to chat with: the chosen one while it exists, otherwise the first. */
export const chosenModel = signal<string | undefined>(undefined);
export const model = computed<ModelView | undefined>(() => {
  const models = network.value?.models ?? [];
  return models.find(({ id }) => id === chosenModel.value) ?? models[0];
});

let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let failures = 0;

/** Follows the node's events until the returned function is called. */
export function watchNode(): () => void {
  connect();
  return () => {
    clearTimeout(retry);
    source?.close();
  };
}

/** Reconnects without waiting for the next scheduled attempt. */
export function reconnectNow(): void {
  clearTimeout(retry);
  void reconnect();
}

/** Notes that the node is about to start again; for a while, since it may fail to. */
export function expectRestart(): void {
  restarting.value = true;
  setTimeout(() => {
    restarting.value = false;
  }, RESTART_MS);
}

function addAudit(audit: AuditResult): void {
  audits.value = new Map(audits.peek()).set(audit.answerId, audit);
}

function connect(): void {
  source?.close();
  source = new EventSource('/api/events');
  source.onopen = () => {
    failures = 0;
    connection.value = 'live';
    restarting.value = false;
    void refreshPendingAudits();
  };
  source.onmessage = ({ data }) => receive(JSON.parse(data as string) as NodeEvent);
  source.onerror = () => {
    source?.close();
    connection.value = 'lost';
    retry = setTimeout(() => void reconnect(), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  };
}

/** A restarted node may have a new token; the page then asks for it. */
async function reconnect(): Promise<void> {
  try {
    if (await hasSession()) connect();
    else session.value = 'closed';
  } catch {
    retry = setTimeout(() => void reconnect(), RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  }
}

function receive(event: NodeEvent): void {
  if (event.type === 'network') network.value = event.network;
  if (event.type === 'security') security.value = event.security;
  if (event.type === 'audit') addAudit(event.audit);
  if (event.type === 'thread') changedThread.value = { id: event.id };
  if (event.type === 'chain' || event.type === 'block' || event.type === 'wallet') receiveChainEvent(event);
  if (event.type === 'progress') progress.value = event.done < event.total ? event : undefined;
}

/** Fetches results of audits that finished while the page was disconnected. */
async function refreshPendingAudits(): Promise<void> {
  for (const [id, { state }] of audits.peek()) {
    if (state !== 'pending') continue;
    const response = await fetch(`/api/answers/${encodeURIComponent(id)}/audit`);
    if (response.ok) addAudit((await response.json()) as AuditResult);
  }
}
