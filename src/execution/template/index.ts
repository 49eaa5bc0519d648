export type { TemplateLimits } from './budget.ts';
export { renderTemplate } from './interpreter.ts';
export { parseTemplate } from './parser.ts';
export { strftime } from './strftime.ts';
export { unknownParts } from './support.ts';
export type { TextGuard } from './text-guard.ts';
export type { TemplateNode } from './token-cursor.ts';
