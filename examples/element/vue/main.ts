import { createApp } from 'vue';
import 'xnn-face/element';
import App from './App.vue';

createApp(App).mount('#app');
