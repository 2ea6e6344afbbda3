import { render } from 'preact';

render(<h1>Limelight</h1>, document.getElementById('app')!);
