// Runs before the first paint, so that a remembered theme or language does not flash.
(function () {
  var root = document.documentElement;
  function remembered(key) {
    try { return localStorage.getItem(key); } catch (e) { return null; }
  }
  var theme = remembered('runflow.theme');
  if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
  var lang = remembered('runflow.lang') || (navigator.language || 'en');
  root.lang = /^zh/i.test(lang) ? 'zh-CN' : 'en';
})();
