import type { Server } from 'node:http';

export const DEFAULT_PORT: number;
export function fileFor(root: string, url: string): string | undefined;
export function createStaticServer(root: string): Server;
export function listen(server: Server, port?: number, host?: string): Promise<number>;
export function serve(args?: string[]): Promise<Server>;
