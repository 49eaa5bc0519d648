import DOMPurify from 'dompurify';
import { Marked, type Token, type Tokens } from 'marked';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { CopyButton } from '../shell/copy-button.tsx';

/**
 * Model output is untrusted: HTML is shown as text, images (which would contact a server) are dropped, and headings stay
 * below the page's own.
 */
const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    html: ({ text, block }) => (block ? `<p>${escapeHtml(text)}</p>` : escapeHtml(text)),
    image: ({ text, href }) => escapeHtml(text || href),
    heading({ tokens, depth }) {
      const level = Math.min(6, depth + 2);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>`;
    },
  },
});

const SANITIZER = {
  RETURN_DOM_FRAGMENT: true as const,
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['img', 'picture', 'video', 'audio', 'style', 'form', 'input', 'button', 'textarea', 'select'],
  FORBID_ATTR: ['style', 'class', 'id', 'name'],
};

/** Each of these takes the direction of its own text. */
const DIRECTED = new Set(['P', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'TD', 'TH', 'H3', 'H4', 'H5', 'H6']);

DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (DIRECTED.has(node.tagName)) node.setAttribute('dir', 'auto');
  if (node.tagName !== 'A') return;
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer');
});

/**
 * Renders Markdown from a model. Each top-level block keeps its elements while later ones grow, so that a selection in a
 * finished paragraph survives streaming.
 */
export function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => marked.lexer(text).filter(({ type }) => type !== 'space'), [text]);
  return (
    <div class="markdown">
      {tokens.map((token, index) =>
        token.type === 'code' ? (
          <Code key={index} token={token as Tokens.Code} />
        ) : (
          <Block key={index} token={token} />
        ),
      )}
    </div>
  );
}

function Block({ token }: { token: Token }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => element.current!.replaceChildren(toElements(token)), [token.raw]);
  return <div ref={element} class="block" />;
}

function Code({ token: { text, lang } }: { token: Tokens.Code }) {
  const language = /^[\w+#.-]{1,20}$/.exec(lang ?? '')?.[0];
  return (
    <figure class="code">
      <figcaption>
        <span>{language ?? 'code'}</span>
        <CopyButton text={text} label="Copy" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and must do so by keyboard too. */}
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

const toElements = (token: Token): DocumentFragment => DOMPurify.sanitize(marked.parser([token]), SANITIZER);

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
