import {
  EventEmitter,
  ThemeColor,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  commands,
  window,
  type Disposable,
  type TreeDataProvider,
  type TreeView,
} from 'vscode';
import { commandId, type CommandName } from '../../texts/contributions.ts';
import { spokenText } from '../../texts/spoken-text.ts';

/** A row of a view as a plain value; the views are functions from state to these. */
export interface TreeNode {
  /** Stable over refreshes, so that the editor keeps what is expanded and selected. */
  readonly id: string;
  readonly label: string;
  readonly description?: string;
  /** Plain text, shown below label and description, which the view may be too narrow for. */
  readonly tooltip?: string;
  readonly icon?: string;
  /** A theme colour for the icon, such as `charts.green`. */
  readonly color?: string;
  readonly contextValue?: string;
  readonly command?: { readonly name: CommandName; readonly title: string; readonly arguments?: readonly unknown[] };
  /** What the icon says, where label and description do not: a word or two for a screen reader. */
  readonly iconText?: string;
  /** What a screen reader says; label, icon and description where it is left out. */
  readonly spoken?: string;
  readonly children?: readonly TreeNode[];
  readonly isExpanded?: boolean;
  /** Data for commands that are called on this row. */
  readonly payload?: string;
}

function stateOf(node: TreeNode): TreeItemCollapsibleState {
  if (node.children === undefined || node.children.length === 0) return TreeItemCollapsibleState.None;
  return node.isExpanded === true ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
}

function toItem(node: TreeNode): TreeItem {
  const item = new TreeItem(node.label, stateOf(node));
  item.id = node.id;
  if (node.description !== undefined) item.description = node.description;
  item.tooltip = [node.label, node.description, node.tooltip].filter(Boolean).join('\n');
  if (node.icon !== undefined)
    item.iconPath = new ThemeIcon(node.icon, node.color === undefined ? undefined : new ThemeColor(node.color));
  if (node.contextValue !== undefined) item.contextValue = node.contextValue;
  if (node.command !== undefined) {
    item.command = {
      command: commandId(node.command.name),
      title: node.command.title,
      arguments: [...(node.command.arguments ?? [])],
    };
  }
  const spoken = node.spoken ?? [node.label, node.iconText, node.description].filter(Boolean).join(', ');
  item.accessibilityInformation = { label: spokenText(spoken) };
  return item;
}

/** A tree view that shows what `roots` gives, anew whenever one of the `changes` fires and a row is another one than before. Changes within one
 * turn are drawn once. What makes the rows can be loaded by `roots` itself: nobody waits for it at activation. */
export class NodeView implements Disposable, TreeDataProvider<TreeNode> {
  readonly #viewId: string;
  readonly #roots: () => Promise<readonly TreeNode[]>;
  readonly #changed = new EventEmitter<undefined>();
  readonly #view: TreeView<TreeNode>;
  readonly #subscriptions: readonly { dispose(): void }[];
  #isPending = false;
  /** The rows that VS Code asked for last; undefined before the first time. */
  #drawn: string | undefined;
  #asked = 0;
  /** VS Code has not yet taken the rows of the last change. */
  #isStale = false;
  readonly #taken = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  constructor(
    viewId: string,
    roots: () => Promise<readonly TreeNode[]>,
    changes: readonly ((listener: () => void) => { dispose(): void })[],
  ) {
    this.#viewId = viewId;
    this.#roots = roots;
    this.#view = window.createTreeView(viewId, { treeDataProvider: this, showCollapseAll: true });
    this.#subscriptions = changes.map((subscribe) =>
      subscribe(() => {
        this.redraw();
      }),
    );
  }

  get view(): TreeView<TreeNode> {
    return this.#view;
  }

  redraw(): void {
    this.#isStale = true;
    if (this.#isPending) return;
    this.#isPending = true;
    setTimeout(() => {
      this.#isPending = false;
      void this.#drawIfChanged();
    }, 50);
  }

  /** Rows that are drawn anew lose their buttons for a moment, and a click on one of them its row: what looks the same stays as it is. */
  async #drawIfChanged(): Promise<void> {
    const isSame = this.#view.visible && this.#drawn !== undefined && this.#drawn === (await this.#rowsNow());
    if (!isSame) {
      this.#changed.fire(undefined);
      return;
    }
    this.#isStale = false;
    this.#taken.fire(undefined);
  }

  /** Undefined when the rows can't be made: VS Code is told so when it asks. */
  async #rowsNow(): Promise<string | undefined> {
    try {
      return JSON.stringify(await this.#roots());
    } catch {
      return undefined;
    }
  }

  /** Shows the view with one of its top rows opened and selected; only the view when there is no such row. */
  async reveal(...ids: readonly string[]): Promise<void> {
    await this.#upToDate();
    const node = (await this.#roots()).find(({ id }) => ids.includes(id));
    if (node === undefined) await commands.executeCommand(`${this.#viewId}.focus`);
    else await this.#view.reveal(node, { select: true, focus: true, expand: true });
  }

  /** A row opens only with the children that VS Code knows of: it has to have taken those that were just read. It asks for them while the view is
   * in sight, and is not waited for longer than it should take. */
  async #upToDate(): Promise<void> {
    if (!this.#isStale || !this.#view.visible) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        listening.dispose();
        resolve();
      };
      const timer = setTimeout(end, 1000);
      const listening = this.#taken.event(end);
    });
  }

  /** Only top rows are revealed. */
  getParent(): undefined {
    return undefined;
  }

  getTreeItem(node: TreeNode): TreeItem {
    return toItem(node);
  }

  async getChildren(node?: TreeNode): Promise<TreeNode[]> {
    if (node !== undefined) return [...(node.children ?? [])];
    this.#isStale = false;
    const turn = (this.#asked += 1);
    const roots = [...(await this.#roots())];
    if (turn === this.#asked) this.#drawn = JSON.stringify(roots);
    // after VS Code has got them
    setTimeout(() => {
      this.#taken.fire(undefined);
    }, 0);
    return roots;
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#view.dispose();
    this.#changed.dispose();
    this.#taken.dispose();
  }
}
