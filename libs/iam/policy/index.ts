export { MAX_DOCUMENT_LENGTH, parsePolicy, type ParseOptions } from './parse-policy.js';
export { evaluate } from './evaluate.js';
export { denialText, explain, statementName } from './denial-text.js';
export type { AuthorisationRequest, Decision, PolicySet, PolicyType, Reason, StatementRef } from './decision.js';
export type { ParsedPolicy, PolicyKind, Statement } from './parsed-policy.js';
export type { Principal } from './principal-element.js';
export { indexKeys, type ConditionKeys, type ContextValues } from './request-context.js';
export { statementSpans, type SourceSpan } from './json-source.js';
export type { Meter } from './wildcard.js';
