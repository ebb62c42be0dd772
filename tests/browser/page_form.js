// What a page's form must keep, computed where it is shown: page_form.py says what each means.
const shown = (one) => one.getClientRects().length > 0 && one.checkVisibility({ visibilityProperty: true });
const where = (one) => {
  const named = one.closest('[data-key]')?.dataset.key ?? '';
  const text = (one.getAttribute('aria-label') || one.textContent || '').trim().slice(0, 50);
  return `${one.tagName.toLowerCase()}.${[...one.classList].join('.')} ${named} "${text}"`;
};

function poorContrast() {
  const read = (text) => {
    const parts = text.match(/[\d.]+(?:e-?\d+)?/g)?.map(Number) ?? [0, 0, 0, 0];
    const scale = text.startsWith('color(') ? 255 : 1;
    return [parts[0] * scale, parts[1] * scale, parts[2] * scale, parts[3] ?? 1];
  };
  const over = (top, below) => {
    const a = top[3] + below[3] * (1 - top[3]);
    if (!a) return [0, 0, 0, 0];
    return [0, 1, 2].map((c) => (top[c] * top[3] + below[c] * below[3] * (1 - top[3])) / a).concat(a);
  };
  const light = (colour) => {
    const [r, g, b] = colour.map((c) => c / 255)
      .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    let paint = [0, 0, 0, 0];
    for (let each = one; each && paint[3] < 1; each = each.parentElement) {
      const style = getComputedStyle(each);
      if (each.tagName !== 'A' && style.backgroundImage.includes('url(')) return null;
      paint = over(paint, read(style.backgroundColor));
    }
    const canvas = getComputedStyle(document.documentElement).colorScheme.includes('dark') ? 18 : 255;
    return over(paint, [canvas, canvas, canvas, 1]);
  };
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walk.nextNode()) if (walk.currentNode.nodeValue.trim()) texts.push(walk.currentNode.parentElement);
  for (const field of document.querySelectorAll('input, select, textarea')) texts.push(field);
  for (const one of new Set(texts)) {
    if (!shown(one) || one.closest('script, style, noscript, option, :disabled, [inert], [aria-disabled=true]')) continue;
    const style = getComputedStyle(one);
    const svg = one.closest('svg');
    let ink = read(svg && one instanceof SVGElement ? style.fill : style.color);
    for (let each = one; each; each = each.parentElement) {
      ink = [...ink.slice(0, 3), ink[3] * Number(getComputedStyle(each).opacity)];
    }
    const ground = behind(one);
    if (!ground || ink[3] === 0) continue;
    const [a, b] = [light(over(ink, ground)), light(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5) - 0.005) found.add(`${ratio.toFixed(2)}: ${where(one)}`);
  }
  return [...found];
}

function unseenFocus() {
  const look = (one) => {
    const style = getComputedStyle(one);
    return [style.outlineStyle, style.outlineWidth, style.outlineColor, style.boxShadow,
            style.borderColor, style.backgroundColor, style.stroke, style.strokeWidth].join();
  };
  const found = new Set();
  const before = document.activeElement;
  const reach = 'a[href], button, input, select, textarea, summary, [tabindex]';
  for (const one of document.querySelectorAll(reach)) {
    if (one.disabled || !shown(one) || one.tabIndex < 0 || one.closest('[inert]')) continue;
    if (one.tabIndex > 0) found.add(`out of order: ${where(one)}`);
    one.blur();
    const plain = look(one);
    one.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== one) continue;
    if (look(one) === plain) found.add(where(one));
  }
  document.activeElement?.blur();
  before?.focus?.();
  return [...found];
}

function noKey() {
  const found = new Set();
  for (const one of document.querySelectorAll('body *')) {
    if (!shown(one) || one.closest('[inert], label, a, button, summary, select, :disabled')) continue;
    if (getComputedStyle(one).cursor !== 'pointer') continue;
    if (getComputedStyle(one.parentElement).cursor === 'pointer') continue;
    if (!one.closest('a, button, [tabindex], input, summary') && !one.querySelector('[tabindex="0"]')) found.add(where(one));
  }
  return [...found];
}

function cutOff() {
  const found = new Set();
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth + 1) {
    found.add(`the page is ${root.scrollWidth} px wide`);
    for (const one of document.querySelectorAll('main *')) {
      const box = one.getBoundingClientRect();
      if (shown(one) && box.right > root.clientWidth + 1 && !one.closest('[tabindex="0"]')) {
        found.add(`beyond the edge: ${where(one)}`);
      }
    }
  }
  for (const one of document.querySelectorAll('main *')) {
    if (!shown(one) || one.scrollWidth <= one.clientWidth + 1 || one.clientWidth < 2) continue;
    const style = getComputedStyle(one);
    if (style.overflowX === 'hidden' || style.overflowX === 'clip') {
      if (!['SELECT', 'INPUT'].includes(one.tagName) && style.textOverflow !== 'ellipsis' && !one.closest('svg')) {
        found.add(`cut: ${where(one)}`);
      }
    } else if (style.overflowX === 'auto' || style.overflowX === 'scroll') {
      if (!one.querySelector('table')) continue;
      const first = one.querySelector("tr > :first-child");
      if (first && getComputedStyle(first).position !== 'sticky') found.add(`rows lose their names: ${where(one)}`);
      if (one.tabIndex !== 0) found.add(`no key scrolls: ${where(one)}`);
      if (!one.hasAttribute('data-scrolls')) found.add(`does not say that it scrolls: ${where(one)}`);
    }
  }
  return [...found];
}
