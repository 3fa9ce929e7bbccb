/** Templates: made, passed on, deleted. */
import type { Template } from './api.js';
import { date, limits, titleOf } from './figures.js';
import { button, h } from './nodes.js';
import { templateForm } from './template_form.js';
import { words } from './text.js';
import { ListView, copyButton, heading } from './view.js';

/** The section. */
export class TemplatesView extends ListView {
  protected override readonly none = words().noTemplates;

  protected override show(): void {
    const text = words();
    const form = templateForm(async (body) => {
      const made = await this.attempt(() => this.session.api.createTemplate(body));
      if (!made) return false;
      this.put(this.#row(made));
      this.session.say(text.templateCreated);
      return true;
    });
    this.append(heading(text.templates), h('p', { class: 'soft' }, text.templatesHint), h('section', { class: 'card body' }, this.note, this.list), form);
    void this.#load();
  }

  async #load(): Promise<void> {
    const templates = await this.attempt(() => this.session.api.templates());
    this.fill((templates ?? []).map((template) => this.#row(template)));
  }

  #row(template: Template): HTMLLIElement {
    const text = words();
    const facts = limits(template).map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)));
    const question = text.deleteTemplateQuestion(titleOf(template));
    const remove = button(text.delete, () => void this.take(row, question, text.delete, () => this.session.api.deleteTemplate(template.id), text.deleted), 'button small danger');
    const row = h('li', { id: template.id },
      h('div', {}, h('strong', {}, titleOf(template)), h('code', { class: 'id' }, template.id), h('span', { class: 'soft' }, date(template.created))),
      h('div', { class: 'row' }, copyButton(this.session, text.copy, template.id), remove),
      h('dl', { class: 'facts' }, ...facts));
    return row;
  }
}

customElements.define('console-templates', TemplatesView);
