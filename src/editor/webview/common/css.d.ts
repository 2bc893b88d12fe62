/** The bundler puts the styles that a page imports into a file beside it. */
declare module '*.css';
