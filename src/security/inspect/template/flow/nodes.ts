import type { TemplateNode } from '#execution';

/** The name of an identifier, or the text of a literal. */
export const nameOf = (node: unknown): string =>
  String((node as { value?: unknown } | undefined)?.value ?? '');

export const nodes = (value: unknown): readonly TemplateNode[] => value as readonly TemplateNode[];

export const operatorOf = ({ operator }: TemplateNode): string =>
  typeof operator === 'string' ? operator : nameOf(operator);

/** The name of a parameter, with or without a default value. */
export const parameterName = (parameter: TemplateNode): string =>
  nameOf(parameter.type === 'KeywordArgumentExpression' ? parameter.key : parameter);

/** The parameters that an argument of a call may bind to. */
export function parametersOf({ args }: TemplateNode, arg: TemplateNode, place: number): string[] {
  if (arg.type === 'KeywordArgumentExpression') return [nameOf(arg.key)];
  const parameters = nodes(args).map(parameterName);
  return arg.type.endsWith('SpreadExpression') ? parameters : parameters.slice(place, place + 1);
}
