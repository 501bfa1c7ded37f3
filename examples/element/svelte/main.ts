import { mount } from 'svelte';
import 'xnn-face/element';
import App from './App.svelte';

mount(App, { target: document.querySelector('#app')! });
