export type { TemplateLimits, TextGuard } from './budget.ts';
export { renderTemplate } from './interpreter.ts';
export { parseTemplate } from './parser.ts';
export { strftime } from './strftime.ts';
export { unknownParts } from './support.ts';
export type { TemplateNode } from './token-cursor.ts';
