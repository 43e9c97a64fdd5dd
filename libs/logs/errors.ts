import { ServiceError } from '@hearth/kernel';

/** Errors of CloudWatch Logs: JSON 1.1, status 400, `message` in lower case. */
const refused = (code: string, message: string) => new ServiceError(code, 400, message, { messageMember: 'message' });

export const noSuchGroup = () => refused('ResourceNotFoundException', 'The specified log group does not exist.');
export const noSuchStream = () => refused('ResourceNotFoundException', 'The specified log stream does not exist.');
export const groupExists = () => refused('ResourceAlreadyExistsException', 'The specified log group already exists');
export const streamExists = () => refused('ResourceAlreadyExistsException', 'The specified log stream already exists');
export const invalidParameter = (message: string) => refused('InvalidParameterException', message);
export const operationAborted = (message: string) => refused('OperationAbortedException', message);
export const tooManyTags = () => refused('TooManyTagsException', 'The number of tags exceeds the limit of 50.');
/** A member that Hearth does not enforce is refused, never stored and ignored. */
export const notSupported = (member: string) => new ServiceError('NotImplementedException', 501, `Hearth does not support ${member} of CloudWatch Logs yet.`, { messageMember: 'message' });
