export interface ThirdParty {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly source: string;
  readonly author: string;
  readonly texts: readonly string[];
}
export declare const NOTICES_FILE: string;
export declare function thirdParties(root: string): ThirdParty[];
export declare function thirdPartyNotices(root: string): string;
