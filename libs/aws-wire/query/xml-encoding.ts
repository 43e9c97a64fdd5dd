import { shapeOf, type ServiceModel, type Shape } from '../rest-json/service-model.js';

/** XML of an output structure's members, AWS query protocol. Members without value are omitted. */
export function xmlOfStructure(model: ServiceModel, shape: Shape, value: Record<string, unknown>): string {
  let xml = '';
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const given = value[name];
    if (given !== undefined && given !== null) xml += xmlOf(model, member.shape, member.locationName ?? name, given);
  }
  return xml;
}

function xmlOf(model: ServiceModel, shapeName: string, tag: string, value: unknown): string {
  const shape = shapeOf(model, shapeName);
  switch (shape.type) {
    case 'structure':
      return element(tag, xmlOfStructure(model, shape, value as Record<string, unknown>));
    case 'list': {
      const itemTag = shape.flattened ? tag : (shape.member!.locationName ?? 'member');
      const items = (value as unknown[]).map((item) => xmlOf(model, shape.member!.shape, itemTag, item)).join('');
      return shape.flattened ? items : element(tag, items);
    }
    case 'map': {
      const entries = Object.entries(value as Record<string, unknown>).map(([key, item]) =>
        element(shape.flattened ? tag : 'entry', element(shape.key!.locationName ?? 'key', escapeXml(key)) + xmlOf(model, shape.value!.shape, shape.value!.locationName ?? 'value', item)),
      );
      return shape.flattened ? entries.join('') : element(tag, entries.join(''));
    }
    case 'blob':
      return element(tag, Buffer.from(value as Uint8Array).toString('base64'));
    case 'timestamp':
      return element(tag, value instanceof Date ? value.toISOString().replace(/\.\d{3}Z$/, 'Z') : escapeXml(String(value)));
    default:
      return element(tag, escapeXml(String(value)));
  }
}

export function element(tag: string, content: string): string {
  return `<${tag}>${content}</${tag}>`;
}

/** Characters that XML 1.0 cannot carry at all become U+FFFD; carriage returns are kept from being normalised away. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, (character) => ESCAPES[character] ?? '\ufffd');
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;', '\r': '&#xD;' };
