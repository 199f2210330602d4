/** The first screen: drop a model, open one, or start with the sample. It offers only what works. */
import type { ReactElement } from 'react';
import { OPEN_MODEL_INPUT } from '../../actions/open-model.ts';
import { openSampleAction } from '../../actions/open-sample.ts';
import { useApp } from '../../store/context.ts';
import { FileButton } from '../../ui/file-button.tsx';
import { FrontMark } from '../../ui/icons.tsx';
import { Logo } from '../../ui/logo.tsx';
import { Missing } from '../shell/missing.tsx';
import { openPicked } from '../shell/open-picked.ts';
import { SchemeButton } from '../shell/scheme-button.tsx';
import { useAction } from '../shell/use-action.ts';
import { OpeningCard } from './opening-card.tsx';
import './empty.css';

export function EmptyPage(): ReactElement {
  const context = useApp();
  const sample = useAction(openSampleAction);
  return (
    <div className="empty">
      <header className="empty-bar">
        <Logo />
        <span className="grow" />
        <SchemeButton />
      </header>
      <main className="empty-main" id="main">
        <h1>
          Smaller models.
          <br />
          Measured in your browser.
        </h1>
        <p className="empty-sub">
          Quantize and prune a neural network in this tab, and see what it costs in size, latency and accuracy
          before you ship it.
        </p>
        <Missing what="model" />
        <section className="empty-drop" aria-label="Open">
          <FrontMark />
          <h2>Drop an ONNX model here</h2>
          <p className="mute">
            with its .data file if it has one, or the whole folder; your own images or arrays may come along
          </p>
          <FileButton
            id={OPEN_MODEL_INPUT}
            label="Open a model"
            className="button-primary"
            onFiles={(files) => openPicked(context, files)}
          />
          <FileButton
            label="Open a folder"
            className="button-plain"
            folder
            onFiles={(files) => openPicked(context, files)}
          />
          <OpeningCard />
        </section>
        <p className="empty-or">or look around first</p>
        <button type="button" className="card empty-sample" onClick={sample.run}>
          <b>Try the digits sample</b>
          <span className="mute">
            A small classifier of handwritten digits with labelled images, so that you see real accuracy, not
            only agreement.
          </span>
        </button>
        <ul className="empty-list">
          <li>
            <b>fp16, int8, int4, int3, int2 weights</b>
            <span>or integer arithmetic, where it is faster</span>
          </li>
          <li>
            <b>Pruning up to 95 %</b>
            <span>stored so that zeros really make the file small</span>
          </li>
          <li>
            <b>Exact size at once</b>
            <span>while the slider moves; speed and agreement measured after</span>
          </li>
          <li>
            <b>Layer by layer</b>
            <span>Pare finds the guilty layer and chooses precisions for your goal; you can overrule it</span>
          </li>
        </ul>
        <p className="empty-promise">
          <b>Nothing leaves this tab.</b> Your model is read, changed and run on this machine; there is no
          server to send it to.{' '}
          <a href="THIRD-PARTY-NOTICES.txt" target="_blank" rel="noreferrer">
            Licences of what this page is built from
          </a>
        </p>
      </main>
    </div>
  );
}
