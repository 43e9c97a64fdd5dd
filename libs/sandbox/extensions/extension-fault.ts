/** A refusal by the Extensions, Telemetry or Logs API, in the form of their error bodies (runtime-api.md section 2). */
export class ExtensionFault extends Error {
  override readonly name = 'ExtensionFault';

  constructor(
    readonly errorType: string,
    message: string,
    readonly status = 403,
  ) {
    super(message);
  }
}

export const faults = {
  requestFormat: (message: string) => new ExtensionFault('InvalidRequestFormat', message, 400),
  tooLarge: (limitBytes: number) =>
    new ExtensionFault('RequestEntityTooLarge', `The body is larger than ${limitBytes} bytes.`, 413),
  name: (name: string) =>
    new ExtensionFault(
      'Extension.InvalidExtensionName',
      name === '' ? 'Lambda-Extension-Name is missing' : `There is no extension ${name.slice(0, 255)}`,
    ),
  registrationClosed: () =>
    new ExtensionFault('Extension.RegistrationClosed', 'Extension registration is closed: the init phase has ended'),
  tooMany: (limit: number) => new ExtensionFault('Extension.TooManyExtensions', `Extension limit (${limit}) reached`),
  eventType: (type: string) =>
    new ExtensionFault('Extension.InvalidEventType', `${type}: Event type is invalid for this extension`),
  missingIdentifier: () =>
    new ExtensionFault('Extension.MissingExtensionIdentifier', 'Missing Lambda-Extension-Identifier header'),
  invalidIdentifier: () => new ExtensionFault('Extension.InvalidExtensionIdentifier', 'Invalid Lambda-Extension-Identifier'),
  unknownIdentifier: () => new ExtensionFault('Extension.UnknownExtensionIdentifier', 'Unknown Lambda-Extension-Identifier'),
  missingHeader: (header: string) => new ExtensionFault('Extension.MissingHeader', `Missing ${header} header`),
  state: (from: string, to: string) =>
    new ExtensionFault('Extension.InvalidExtensionState', `State transition from ${from} to ${to} is not allowed`),
};
