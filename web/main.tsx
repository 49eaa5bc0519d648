import { render } from 'preact';
import { App } from './app.tsx';
import { openSession } from './state/session.ts';

render(<App />, document.getElementById('app')!);
void openSession();
