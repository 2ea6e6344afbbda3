"""Sentences to speak, written for this purpose: they have many closed, hissing, round and spread lips."""

TEXTS = {
    'en': [
        'My mother put a big paper map above the piano before breakfast.',
        'Five very fine photographs of the river were found in the village café.',
        'She sells sixty silver scissors and sends six of them to his sister.',
        'We keep the key beneath a heap of green leaves near the beach.',
        'Open the old door slowly, or the cold snow will blow over the floor.',
        'Who would lose two blue shoes in the pool room at noon?',
        'Ask the captain what happened after the last lamp on the path went out.',
        'Bob, please bring both bowls of plum pudding and a pound of butter.',
        'Tomorrow morning a million people may remember the same small melody.',
        'The weather in the north is rather rough, though the sun still shines.',
        'A quick question: why would anyone walk for hours without warm water?',
        'Cheap chairs and jumbled pictures do just as much for a cosy kitchen.',
        'Yes, you may use my umbrella, but bring it back by half past seven.',
        'He thought about the thin thread that held everything together.',
        'From above, the farm appeared to be made of brown and purple squares.',
        'Nobody knew how long the young singer could hold that ringing note.',
        'Please remember to speak up, because the back rows barely hear me.',
        'Every evening we walk along the empty beach and talk about the future.',
        'I have never lived in a house that was both so pretty and so noisy.',
        'Numbers such as one, two, three, four, five, six and seven are simple.',
        'Perhaps Pamela prefers to be paid by the month rather than the week.',
        'The first chapter moves fast, the second one stops and breathes.',
    ],
    'de': [
        'Am Abend bringt mein Bruder ein paar Blumen und warmes Brot vorbei.',
        'Fünf frische Fische schwimmen fröhlich um das alte Schiff herum.',
        'Wir müssen morgen früh über die Brücke und dann zum Bahnhof gehen.',
        'Bitte öffne das Fenster, es ist so schrecklich warm im Zimmer.',
    ],
    'fr': [
        'Ma petite sœur a peint un bateau bleu sur le mur de sa chambre.',
        'Vous voulez boire un café avant de prendre le premier bus pour Paris ?',
        'Il faut que je fasse attention, le vent est vraiment très fort ce matin.',
        'Peut-être que tout le monde pense à la même chose au même moment.',
    ],
    'es': [
        'Mi abuelo siempre compra pan y peras en el pequeño mercado del pueblo.',
        'Por favor, abre la puerta y pon los platos blancos sobre la mesa.',
        'El viento sopla fuerte y las hojas bailan por toda la plaza.',
    ],
    'it': [
        'Mia mamma prepara sempre una buona zuppa prima di andare al lavoro.',
        'Per favore, porta questi fiori bianchi alla signora del primo piano.',
        'Che bella giornata: il sole splende e il mare sembra di vetro.',
    ],
    'pt': [
        'O meu pai bebe um copo de água antes de abrir a porta da sala.',
        'Amanhã vamos passear pela praia e comprar bolos na padaria.',
    ],
    'nl': [
        'Mijn broer maakt elke morgen verse broodjes met boter en appelmoes.',
        'Vijf vrolijke vrienden fietsen samen over de brug naar de vuurtoren.',
    ],
    'pl': [
        'Moja babcia piecze pyszny chleb i parzy mocną herbatę z miodem.',
        'W sobotę pojedziemy nad morze, jeżeli pogoda będzie piękna.',
    ],
    'sv': [
        'Min bror bor i en liten by bakom berget och målar båtar på sommaren.',
        'Vi promenerar ofta vid havet och pratar om böcker, film och framtid.',
    ],
}

HELD_OUT = [
    'Maybe the baby beaver built a big brown bridge by the pump.',
    'Seven of my friends have moved to the far side of the valley.',
    'Push the blue box up, then pull the rope and keep it open.',
    'A simple problem may become a permanent part of my memory.',
]

VOICES = ['', '+m1', '+m3', '+m4', '+m5', '+m7', '+f1', '+f2', '+f4', '+f5', '+klatt', '+klatt3', '+croak', '+whisper']
HELD_OUT_VOICES = ['+f3', '+m2', '+klatt2', '+m6']
