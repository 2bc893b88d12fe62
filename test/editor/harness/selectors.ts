/** Every CSS selector the harness knows VS Code 1.139 by. When a new VS Code moves something, this is the file to change. */
export const SELECTORS = {
  workbench: '.monaco-workbench',
  statusBarItem: '.part.statusbar .statusbar-item',
  hover: '.workbench-hover-container .monaco-hover, .monaco-hover:not(.hidden)',

  quickInput: '.quick-input-widget',
  quickInputTitle: '.quick-input-title',
  quickInputField: '.quick-input-filter input',
  quickInputMessage: '.quick-input-message',
  quickInputRow: '.quick-input-list .monaco-list-row',
  quickInputRowLabel: '.quick-input-list-label .label-name',
  quickInputBusy: '.quick-input-progress.active',
  explorerRow: '.explorer-folders-view .monaco-list-row',
  quickInputOk: '.quick-input-action .monaco-button',

  walkthroughStep: '.gettingStartedContainer .getting-started-step',
  walkthroughStepDone: '.codicon-getting-started-step-checked',
  walkthroughMedia: '.gettingStartedContainer .getting-started-media',

  activityBarItem: '.activitybar .action-item:has(a.action-label)',
  view: '.split-view-view > .pane',
  viewHeader: '.pane-header',
  viewTitle: '.pane-header h3.title',
  viewWelcome: '.welcome-view-content',
  viewWelcomeButton: '.monaco-button',
  viewActions: '.pane-header .actions a.action-label',
  treeRow: '.monaco-list-row[role="treeitem"]',
  treeTwistie: '.monaco-tl-twistie',
  treeRowLabel: '.monaco-icon-label .label-name',
  treeRowDescription: '.monaco-icon-label .label-description',
  treeRowActions: '.actions a.action-label',
  list: '.monaco-list',
  menu: '.monaco-menu',
  menuItem: '.monaco-menu .action-item:not(.disabled) .action-label',

  notification: '.notifications-toasts .notification-list-item',
  notificationMessage: '.notification-list-item-message',
  notificationButton: '.notification-list-item-buttons-container .monaco-button',
  notificationClose: '.codicon-notifications-clear, .codicon-close',

  dialog: '.monaco-dialog-box',
  dialogMessage: '.dialog-message-text',
  dialogDetail: '.dialog-message-detail',
  dialogButton: '.dialog-buttons .monaco-button',

  panel: '.part.panel',
  outputPanel: '.part.panel .output-view, .part.panel .output-view-container',
  outputLine: '.part.panel .output-view .view-line, .part.panel .pane-body .view-line',
  problemRow: '.markers-panel-container .monaco-list-row',
  terminal: '.terminal-wrapper.active',
  terminalLine: '.terminal-wrapper.active .xterm-rows > div, .editor-instance .xterm-rows > div',

  editor: '.part.editor .editor-group-container.active .editor-instance',
  editorLine: '.view-line',
  editorTab: '.part.editor .tabs-container .tab',

  /** The colours of a theme are there: extensions are known. */
  themed: '.monaco-workbench[class*="vscode-theme-defaults"]',
  /** Added when the workbench has restored its parts. */
  restored: '.statusbar-item[id="status.problems"]',
  /** What our extension adds when it is activated. */
  extensionItem: '.statusbar-item[id^="esp32-ota.esp32-ota"]',
} as const;
