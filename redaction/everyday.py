"""Words that say nothing of a person by themselves, as they are written: data, read by all rooms.

The lists are closed. A withheld value that is only such a word cannot be cut out of a text without
taking sentences apart, so it makes the text doubtful instead; see `docs/agreement-language.md`.
Words are in lower case, with their accents and umlauts.
"""

from __future__ import annotations

from typing import Final

_ENGLISH = """
a an the this that these those here there where when why how what which who whom whose
i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
myself himself herself itself themselves one ones
am is are was were be been being have has had having do does did done can could may might must
shall should will would ought need
and or but nor so yet if then than as because while until since though although whether
of to in on at by for with from into onto over under about above below after before between
through during without within against along around behind beside near off out up down via per
not no yes none never nothing nobody unknown other others another any some all both each every
either neither many much more most few less least several such same own only just also too very
again already always often sometimes soon now today tomorrow yesterday still even ever once twice
said says say told tell asked ask went go goes gone came come comes got get gets made make makes
saw see seen took take taken left back home house room day days night week weeks month months
year years time times first last next new old good bad well like long little
mother father mum mom dad parent parents child children son daughter brother sister baby boy girl
man woman men women wife husband partner uncle aunt cousin family friend neighbour person people
police officer school teacher nurse doctor hospital court social worker case call called phone
report reported risk harm safe help support
"""

_GERMAN = """
der die das den dem des ein eine einen einem einer eines kein keine keinen dieser diese dieses
ich mich mir mein meine du dich dir dein er ihn ihm sein seine sie ihr ihre ihren es wir uns unser
man sich wer was wo wann wie warum
bin bist ist sind war waren sein gewesen habe hat haben hatte hatten wird werden wurde wurden kann
können konnte muss müssen soll sollte will wollen wollte darf
und oder aber auch nur noch schon sehr so wenn dann als weil dass ob nicht nichts nie
in im an am auf aus bei mit nach von vom vor zu zum zur für über unter um durch gegen ohne bis
ja nein unbekannt keiner andere anderer anderes alle alles viel mehr heute gestern jetzt hier dort
mutter vater eltern kind kinder sohn tochter bruder schwester mann frau freund familie person
polizei schule arzt gericht haus jahr tag
"""

_SPANISH = """
el la los las lo un una unos unas este esta estos estas ese esa eso esto
yo me mi mis tú te tu tus él ella ellos ellas le les se su sus nos nosotros quien que qué
es son era eran fue fueron ser estar está están estaba ha han había hay hace hizo puede dijo
y e o u ni pero porque si cuando como donde cómo dónde más menos muy también no nunca nada
de del a al en con sin por para sobre entre hasta desde
sí desconocido ninguno ninguna otro otra otros todo todos hoy ayer ahora aquí
madre padre padres hijo hija hijos niño niña niños hermano hermana hombre mujer marido esposa
familia persona policía escuela colegio médico casa año día
"""

_STREETS = """
street road lane avenue close drive way court flat house row square terrace gardens grove crescent
place park hill mews walk rise view green st rd ave ln dr
straße strasse str weg platz allee gasse haus ring damm ufer
calle avenida avda plaza camino paseo carretera ronda travesía piso puerta
rue via viale piazza straat laan plein
"""

_PARTICLES = "van der den de del della di da la le el du von zu ter ten mac mc o bin ibn al y e"
_ANSWERS = "yes no unknown none other ja nein unbekannt sí no desconocido"

EVERYDAY: Final = frozenset((_ENGLISH + _GERMAN + _SPANISH).split())
STREETS: Final = frozenset(_STREETS.split())  # they stand in addresses of all towns
PARTICLES: Final = frozenset(_PARTICLES.split())  # of names: nothing by themselves
ANSWERS: Final = frozenset(_ANSWERS.split())  # what yes-or-no fields hold: these make no doubt
