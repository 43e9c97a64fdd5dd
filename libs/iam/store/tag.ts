/** As in the API: keys are unique without regard to case, values may be empty. */
export interface Tag {
  Key: string;
  Value: string;
}
