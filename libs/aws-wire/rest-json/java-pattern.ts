/** Java writes the range of supplementary characters as two pairs of surrogates. */
const SUPPLEMENTARY = String.raw`\uD800\uDC00-\uDBFF\uDFFF`;

/**
 * Service models carry Java patterns that must match the whole value. JavaScript reads all that occur in them; Unicode classes
 * need the `u` flag, which in turn refuses some needless escapes, so it is used only where it must be.
 * @throws SyntaxError for a pattern that JavaScript cannot read: found when the model is loaded, not at the first request
 */
export function compileJavaPattern(pattern: string): RegExp {
  const unicode = /\\[pP]\{/.test(pattern) || pattern.includes(SUPPLEMENTARY);
  const translated = unicode ? pattern.replaceAll(String.raw`\p{IsAlphabetic}`, String.raw`\p{Alphabetic}`).replaceAll(String.raw`\p{Print}`, String.raw`[\x20-\x7E]`).replaceAll(SUPPLEMENTARY, String.raw`\u{10000}-\u{10FFFF}`) : pattern;
  return new RegExp(`^(?:${translated})$`, unicode ? 'u' : '');
}
