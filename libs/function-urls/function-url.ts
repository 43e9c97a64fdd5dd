/** A function URL as the rest of the library sees it (spec/lambda-api.md 4.9). */

export type AuthType = 'NONE' | 'AWS_IAM';
export type InvokeMode = 'BUFFERED' | 'RESPONSE_STREAM';

/** As the API shows it. */
export interface Cors {
  AllowCredentials?: boolean;
  AllowHeaders?: string[];
  AllowMethods?: string[];
  AllowOrigins?: string[];
  ExposeHeaders?: string[];
  /** Seconds. */
  MaxAge?: number;
}

export interface FunctionUrl {
  /** 32 lower-case letters and digits. */
  urlId: string;
  functionId: string;
  accountId: string;
  region: string;
  functionName: string;
  /** An alias; absent for the function itself. */
  qualifier?: string;
  authType: AuthType;
  cors?: Cors;
  invokeMode: InvokeMode;
  createdAt: Date;
  modifiedAt: Date;
}
