// A web service that loads modules and renders a template per request.
const fs = require('fs'), http = require('http'), express = require('express'), ejs = require('ejs');
for (const name of ['crypto', 'dns', 'net', 'os', 'path', 'querystring', 'stream', 'tls', 'url', 'util', 'zlib'])
    require(name);

const template = ejs.compile(
    '<html><head><title><%= title %></title></head><body><h1><%= title %></h1><ul>' +
    '<% for (const item of items) { %><li><b><%= item.name %></b>: <%= item.text %></li><% } %></ul></body></html>');
const words = 'the quick brown fox jumps over the lazy dog and sleeps'.split(' ');
const app = express();
app.get('/', (request, response) => {
    const items = Array.from({length: 100}, (_, i) => ({name: 'item ' + i, text: words[i % words.length]}));
    response.send(template({title: 'Items', items}));
});
const place = process.env.PORT ? Number(process.env.PORT) : '/tmp/web.sock';
http.createServer(app).listen(place, () => console.log('ready'));
