/** The data worker: one file that holds the user's sets, started by the page. It must not run models. */
import { expose } from 'comlink';
import { DataWorker } from './data-serve.ts';

expose(new DataWorker());
