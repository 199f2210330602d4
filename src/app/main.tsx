/** Starts the page. It must not know what the page shows. */
import { createRoot } from 'react-dom/client';

const root = document.getElementById('root');
if (root) createRoot(root).render(<h1>Pare</h1>);
