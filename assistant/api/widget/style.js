// How it looks. A constructed style sheet needs no leave of the page's Content-Security-Policy.
const STYLE = `
:host{all:initial;color-scheme:light;--bg:#fff;--soft:#f2f4f7;--line:#878f9b;--text:#1b1f27;--dim:#555d6b;--bad:#b3261e;--mark:#ffe58a;--edge:1px solid var(--line)}
:host([data-theme=dark]){color-scheme:dark;--bg:#181b21;--soft:#262b34;--line:#7d8695;--text:#eceff4;--dim:#b0b8c5;--bad:#ff9a91;--mark:#5b4a00}
*{box-sizing:border-box}
button,textarea,input{font:inherit;color:inherit;background:var(--bg);border:var(--edge);border-radius:8px}
button{min-height:32px;padding:4px 12px;cursor:pointer}
button:hover{background:var(--soft)}
:focus-visible{outline:3px solid var(--link);outline-offset:1px}
.main,.launch{background:var(--accent)!important;color:var(--on);border-color:var(--accent)}
dialog,.launch{position:fixed;z-index:2147483000;inset:auto 20px 20px auto;font:15px/1.5 system-ui,sans-serif;color:var(--text)}
.launch{min-width:52px;height:52px;padding:0 20px;border-radius:26px;color:var(--on)}
.new:after{content:" ●"}
dialog{bottom:84px;width:400px;height:min(640px,100vh - 100px);margin:0;padding:0;background:var(--bg);border:var(--edge);border-radius:14px;box-shadow:0 8px 32px #0004;overflow:hidden;overflow-wrap:anywhere}
dialog[open]{display:flex;flex-direction:column}
.row{display:flex;flex-wrap:wrap;gap:6px;align-items:center}
header{padding:8px 12px 8px 16px;border-bottom:var(--edge)}
h2{flex:1;margin:0;font-size:17px}
.log{flex:1;overflow-y:auto;padding:12px 16px}
.log>*{margin:0 0 12px}
.ai,.info,.by{font-size:13px;color:var(--dim)}
.you{width:fit-content;margin-left:auto!important;max-width:85%;padding:8px 12px;border-radius:14px 14px 2px;background:var(--soft);white-space:pre-wrap}
p,ul,ol,pre,blockquote{margin:0 0 8px}
ul,ol{padding-left:22px}
pre{overflow-x:auto}
pre,code{background:var(--soft);font:13px monospace}
.team,blockquote{padding-left:12px;border-left:3px solid var(--line)}
a,.cite{color:var(--link)}
.cite{min-height:24px;min-width:24px;padding:0 4px;margin:0 1px;font-size:12px}
details{border:var(--edge);border-radius:8px;margin-bottom:4px;padding:4px 10px}
.pass{white-space:pre-wrap;max-height:240px;overflow-y:auto}
mark{background:var(--mark);color:inherit}
.choice{display:block;text-align:left;width:100%;margin-bottom:6px}
.err{color:var(--bad)}
[aria-pressed=true]{border:2px solid var(--link)}
.bar{flex:none;max-height:60%;overflow-y:auto;padding:10px 16px;border-top:var(--edge);background:var(--soft)}
textarea,input{display:block;width:100%;padding:8px 10px;margin-bottom:6px}
::placeholder{color:var(--dim)}
textarea{resize:none;min-height:42px;max-height:140px;field-sizing:content}
.write{padding:10px 16px;border-top:var(--edge)}
.status{margin:0 16px;font-size:13px;color:var(--dim)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
@media(max-width:480px),(max-height:480px){
dialog{inset:0;width:100%;height:100%;max-width:none;max-height:none;border:0;border-radius:0}
textarea,input{font-size:16px}
}
`;
